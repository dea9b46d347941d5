"""SMS: Tencent Cloud's service, and the local box of development, behind the Protocols of the domains."""
