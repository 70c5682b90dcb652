"""WeChat's customer-service protocol for mini programs, and nothing else.

What WeChat posts to us becomes a `Push`; what we say becomes a request and an outcome.
No Django, no tables, no clock of its own: whoever calls passes in keys and times, and
stores what comes out.

    signature crypto           who signed it, and what it says once decrypted
    xml strict_json body       hostile bytes to a flat dict, or a refusal
    envelope                   one pushed request, opened; one simulated push, wrapped
    pushes text                the dict to a Push, cleaned for any database
    messages                   what we may say, and its limits
    exchange tokens client     one call to WeChat and what became of it
    errors                     WeChat's codes, sorted by what we do about them
    reply_window typing_state  what WeChat would allow now
"""
