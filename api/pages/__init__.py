"""The pages of the reviewer's room: server-rendered, and working without script where they can."""
