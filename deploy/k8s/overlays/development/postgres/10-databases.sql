-- Run by the image once, when the data directory is empty.

CREATE ROLE msign_gateway_owner LOGIN;
CREATE DATABASE msign_gateway OWNER msign_gateway_owner;
CREATE ROLE msign LOGIN;
CREATE DATABASE msign OWNER msign;

\connect msign_gateway
\i /etc/postgresql/roles/roles.sql
