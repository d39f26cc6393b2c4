"""What all pages of the console share, and the pages that draw on everything."""

from downloads.admin.console import employer_page as employer_page
