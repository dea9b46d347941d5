"""WeChat: the service account and the mini program, behind the Protocols of the domains."""
