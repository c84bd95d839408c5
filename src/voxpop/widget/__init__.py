"""The calls of the widget: a page counts uses, shows surveys and sends answers for its signed-in customer."""
