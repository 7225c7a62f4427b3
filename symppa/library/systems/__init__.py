"""Systems: laws wired into whole chips and packages."""
