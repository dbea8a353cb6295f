"""Tax, one module per country, and what the countries share."""
