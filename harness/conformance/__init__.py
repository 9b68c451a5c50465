"""The contract of `implementations.AlsBackend`, as properties that any class can be held to."""

from harness.conformance.check import PROPERTIES, check
from harness.conformance.subject import Outcome, Property, Subject
from harness.conformance.violation import Mismatch, Violation

__all__ = ["PROPERTIES", "Mismatch", "Outcome", "Property", "Subject", "Violation", "check"]
