from kontor.bench.services import RedisServer, ServiceError

__all__ = ["RedisServer", "ServiceError"]
