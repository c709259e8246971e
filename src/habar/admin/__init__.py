"""What staff may do; the command line, the console and the admin API are skins over it."""
