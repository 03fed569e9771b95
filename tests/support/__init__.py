"""What tests share: people and bulletins made through the real services, random worlds, a relay."""
