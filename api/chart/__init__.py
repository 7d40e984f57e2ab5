"""What the pages of one chart show: marks in notes, copied text, evidence, pictures. No web framework in here."""
