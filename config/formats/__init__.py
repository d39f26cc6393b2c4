"""How pages and mails write dates, where Django's form for the language does not fit."""
