"""The engine inside other systems; each module is imported on first use, and needs what it is named for."""
