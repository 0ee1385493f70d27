"""People, machines and customers that may act: users and roles, sessions, API clients, tokens, the audit trail.

Owns `user_account`, `user_location`, `user_session`, `user_link`, `user_second_factor`, `user_passkey`,
`sign_in_step`, `identity_provider`, `user_identity`, `api_client`, `api_client_secret`, `access_token` and
`audit_entry`. Secrets are stored hashed and shown once. A role or a scope is a named bundle of permissions; where it
reaches (partner, stores, channels, one customer) stands beside it in the principal, never in the permission's name.
"""
