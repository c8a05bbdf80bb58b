"""Which merchants are about to leave: their stages, a calibrated model of churn, and its reasons."""
