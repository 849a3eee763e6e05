"""What the worker does for each request, by topic; `models/handlers.py` says which function is whose."""
