"""The types that several sections of the API use, generated from the OpenAPI document by `make clients`."""
