from kontor.bench.services import PostgresServer, ServiceError

__all__ = ["PostgresServer", "ServiceError"]
