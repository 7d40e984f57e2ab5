"""The database of the reviewer's room: tables, sessions, append-only guards, and the state of the schema."""
