"""A custom survey type."""

from typing import Any

CES7: dict[str, Any] = {
    "code": "CES7",
    "name": "Customer Effort Score, 1-7",
    "question": "How easy was it?",
    "thanks": "Thank you!",
    "language": "en",
    "scale_min": 1,
    "scale_max": 7,
    "formula": "mean",
    "satisfied_min": None,
    "satisfied_max": None,
    "higher_is_better": True,
    "formula_description": "SUM(score) / total",
    "translations": {"de": {"question": "War es leicht?", "thanks": "Danke!", "label_min": "Gar nicht"}},
    "display": "numbers",
    "label_min": "Not at all",
    "label_max": "Very",
    "comment_label": None,
}
