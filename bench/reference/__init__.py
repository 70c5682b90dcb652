"""The console with one address more: a push endpoint as Django's tutorial would have it."""
