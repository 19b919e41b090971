"""How is state kept in Postgres? The only package that talks SQL."""
