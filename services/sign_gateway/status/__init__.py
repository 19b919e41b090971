"""How are things? A page on the ops port for operators who have no dashboards, or only Prometheus."""
