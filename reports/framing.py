"""The policy of a mail that is looked at in a frame of our own pages: nothing happens there but reading."""

from __future__ import annotations

from csp.constants import NONE, SELF, UNSAFE_INLINE

FRAMED = {
    "default-src": [NONE],
    "style-src": [UNSAFE_INLINE],  # a mail has its styles in its elements
    "img-src": ["data:"],
    **{name: [NONE] for name in ("script-src", "connect-src", "font-src", "manifest-src", "form-action")},
    "frame-ancestors": [SELF],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}
