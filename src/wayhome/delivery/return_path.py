"""The envelope's sender of each message, signed: where its bounce comes back names its delivery."""
