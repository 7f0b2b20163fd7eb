"""Export of the content of an Instagram account or a Facebook page from the Meta Business Suite, as CSV.

Seen in public programs that read such files: all English names but Reactions. Meta counts views where it counted impressions. Without
a breakdown by day, a row is of the whole life of its post and says Lifetime instead of a day. Not seen: any French name.
"""

from campaigns.imports.presets.base import Preset

_POST = {
    "date": ("Date",),
    "post_id": ("Post ID",),
    "url": ("Permalink",),
    "impressions": ("Impressions", "Views"),
    "reach": ("Reach",),
    "comments": ("Comments",),
    "shares": ("Shares",),
}
PRESETS = (
    Preset(
        platform="instagram",
        title="Instagram (Meta Business Suite)",
        kind="social",
        columns={**_POST, "account": ("Account username",), "title": ("Description",), "likes": ("Likes",), "saves": ("Saves",)},
        telltales=(("Post ID",), ("Account username",), ("Permalink",)),
        constants={"source": "instagram"},
    ),
    Preset(
        platform="facebook",
        title="Facebook (Meta Business Suite)",
        kind="social",
        columns={**_POST, "account": ("Page name",), "title": ("Title", "Description"), "likes": ("Reactions",)},
        telltales=(("Post ID",), ("Page name",), ("Permalink",)),
        constants={"source": "facebook"},
    ),
)
