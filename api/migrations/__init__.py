"""Alembic's migrations of the room's database; ``chartsift db upgrade`` runs them."""
