"""The one place that knows the Kafka client. It knows no domain and no database."""
