"""The platform's endpoints as documented: HTTP 200 always, {"errcode", "errmsg"} when it says no."""
