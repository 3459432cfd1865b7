"""Salesforce: users, licences and permission sets through one gateway around simple-salesforce."""
