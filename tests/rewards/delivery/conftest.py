from tests.rewards.delivery.receivers import outside

__all__ = ["outside"]
