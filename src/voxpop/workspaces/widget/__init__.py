"""What a workspace says about its widget: publishable keys, the secrets that sign users, and their settings page."""
