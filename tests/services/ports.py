from kontor.bench.services import free_port

__all__ = ["free_port"]
