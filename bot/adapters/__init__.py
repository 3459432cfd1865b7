"""Outbound adapters: one module or package per outside system, wire to domain and vendor errors to ours."""
