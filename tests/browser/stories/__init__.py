"""Stories of every class of employer with every proof of authority, to every end."""
