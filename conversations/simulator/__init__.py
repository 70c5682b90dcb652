"""WeChat's side in software: for the demo, and for tests that need a real other end.

It knows the protocol and nothing of ours, and reaches us only by the push URL, as
WeChat would. What a developer may read of WeChat it does as written; where the
documents are silent or disagree, `limits` holds the choice.
"""
