"""The append-only event record, reasons and errors, delivery, and rows used as queues."""
