-- One durable order as a hand-written program would take it: 1 order, 3 lines, 3 events, 3 stock updates.
-- Variables: skus (number of articles). Stock rows are updated in key order, so transactions do not deadlock.
\set a random(1, :skus / 3)
\set b random(:skus / 3 + 1, 2 * :skus / 3)
\set c random(2 * :skus / 3 + 1, :skus)
BEGIN;
INSERT INTO baseline_order (total, state) VALUES (3000, 'RECEIVED') RETURNING id AS order_id \gset
INSERT INTO baseline_line (order_id, sku, quantity, amount) VALUES (:order_id, :a, 1, 1000), (:order_id, :b, 1, 1000), (:order_id, :c, 1, 1000);
INSERT INTO baseline_event (order_id, name, payload) VALUES (:order_id, 'placed', '{"total": 3000}'), (:order_id, 'priced', '{"lines": 3}'), (:order_id, 'allocated', '{"places": 1}');
UPDATE baseline_stock SET allocated = allocated + 1 WHERE sku = :a AND on_hand - allocated >= 1;
UPDATE baseline_stock SET allocated = allocated + 1 WHERE sku = :b AND on_hand - allocated >= 1;
UPDATE baseline_stock SET allocated = allocated + 1 WHERE sku = :c AND on_hand - allocated >= 1;
COMMIT;
