"""Real workers and a real relay under every fault we could think of. Nothing is lost."""
