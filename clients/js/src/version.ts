// Generated from the OpenAPI document by `make clients`.

export const VERSION = "0.1.0";
