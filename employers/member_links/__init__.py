"""Links of recruiters with platforms: made and ended by the recruiter, redeemed by the platform."""
