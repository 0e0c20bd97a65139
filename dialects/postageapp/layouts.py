"""The templates that every project of the provider begins with; its clients' tests send by them."""

from dialects.dialect import TemplateSeed
from dialects.postageapp.headers import SYNTAX

SEEDS = (
    TemplateSeed(
        slug="sample_parent_layout",
        name="Sample parent layout",
        syntax=SYNTAX,
        html="<!DOCTYPE html>\n<html>\n<body>\n<div>{{*}}</div>\n<p>Sent by your application.</p>\n</body>\n</html>\n",
        text="{{*}}\n\nSent by your application.\n",
    ),
    TemplateSeed(
        slug="sample_child_template",
        name="Sample child template",
        syntax=SYNTAX,
        subject="A sample message",
        html="<h1>Hello {{name}}</h1>\n<p>This message was made from a template within a layout.</p>",
        text="Hello {{name}}\n\nThis message was made from a template within a layout.",
        layout="sample_parent_layout",
    ),
)
