"""Pages for travellers: enrol, see and change one's own trips, answer. No accounts, no scripts."""
