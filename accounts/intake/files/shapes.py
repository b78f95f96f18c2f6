"""The shape of each kind of file."""

from accounts.intake.files import accounts, feedback_files, subscriptions, support, usage
from accounts.intake.files.shape import Shape
from accounts.sources.rules import Kind

SHAPES: dict[Kind, Shape] = {
    shape.kind: shape
    for shape in (accounts.SHAPE, subscriptions.SHAPE, usage.SHAPE, support.SHAPE, feedback_files.SHAPE)
}
