"""Background work: messages are sent and imports run, in a process or thread of their own."""
