"""Outbound: one module or package per outside system; its wire to our values and errors."""
