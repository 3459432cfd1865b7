"""Durable sequencing: short runs, each from one state to the next. Only engine.py knows DBOS."""
