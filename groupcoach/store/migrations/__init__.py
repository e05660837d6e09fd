"""The session record's shapes and the steps between them (Alembic); ``schema.bring_up_to_date`` runs them."""
