"""What people do with their own account: change it, protect it, leave."""
