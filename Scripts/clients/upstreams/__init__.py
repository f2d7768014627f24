"""Scripted servers that take and answer requests as the servers do whose style they are in."""
