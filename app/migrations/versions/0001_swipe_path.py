"""Accounts, pets, swipes and matches."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("display_name", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("role IN ('user', 'shelter', 'admin')", name=op.f("ck_users_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
    )
    op.create_index(
        "ix_users_active_email",
        "users",
        ["email"],
        unique=False,
        postgresql_where=sa.text("is_active"),
    )
    op.create_table(
        "pets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("pet_type", sa.String(length=16), nullable=False),
        sa.Column("breed", sa.String(length=100), nullable=False),
        sa.Column("age_months", sa.Integer(), nullable=False),
        sa.Column("gender", sa.String(length=16), nullable=False),
        sa.Column("size", sa.String(length=16), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=False),
        sa.Column("longitude", sa.Float(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("auto_match", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_available", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("gender IN ('male', 'female', 'unknown')", name=op.f("ck_pets_gender")),
        sa.CheckConstraint(
            "pet_type IN ('dog', 'cat', 'rabbit', 'guinea_pig', 'bird')",
            name=op.f("ck_pets_pet_type"),
        ),
        sa.CheckConstraint(
            "size IN ('small', 'medium', 'large', 'extra_large')",
            name=op.f("ck_pets_size"),
        ),
        sa.CheckConstraint("age_months BETWEEN 0 AND 600", name=op.f("ck_pets_age_months")),
        sa.CheckConstraint("latitude BETWEEN -90 AND 90", name=op.f("ck_pets_latitude")),
        sa.CheckConstraint("longitude BETWEEN -180 AND 180", name=op.f("ck_pets_longitude")),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["users.id"],
            name=op.f("fk_pets_owner_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pets")),
    )
    op.create_index(
        "ix_pets_available",
        "pets",
        ["id"],
        unique=False,
        postgresql_where=sa.text("is_available AND deleted_at IS NULL"),
    )
    op.create_index("ix_pets_location", "pets", ["latitude", "longitude"], unique=False)
    op.create_index(op.f("ix_pets_owner_id"), "pets", ["owner_id"], unique=False)
    op.create_index("ix_pets_pet_type", "pets", ["pet_type"], unique=False)
    op.create_table(
        "matches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("pet_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column(
            "matched_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "status_changed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "status IN ('pending', 'accepted', 'completed', 'declined')",
            name=op.f("ck_matches_status"),
        ),
        sa.ForeignKeyConstraint(
            ["pet_id"], ["pets.id"], name=op.f("fk_matches_pet_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_matches_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matches")),
        sa.UniqueConstraint("user_id", "pet_id", name=op.f("uq_matches_user_id_pet_id")),
    )
    op.create_index(
        "ix_matches_matched_at",
        "matches",
        [sa.literal_column("matched_at DESC")],
        unique=False,
    )
    op.create_index(op.f("ix_matches_pet_id"), "matches", ["pet_id"], unique=False)
    op.create_index(op.f("ix_matches_status"), "matches", ["status"], unique=False)
    op.create_table(
        "swipes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("pet_id", sa.Uuid(), nullable=False),
        sa.Column("liked", sa.Boolean(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["pet_id"], ["pets.id"], name=op.f("fk_swipes_pet_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_swipes_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_swipes")),
        sa.UniqueConstraint("user_id", "pet_id", name=op.f("uq_swipes_user_id_pet_id")),
    )
    op.create_index(op.f("ix_swipes_pet_id"), "swipes", ["pet_id"], unique=False)
    op.create_index(
        "ix_swipes_user_id_created_at",
        "swipes",
        ["user_id", "created_at"],
        unique=False,
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_swipes_user_id_created_at", table_name="swipes")
    op.drop_index(op.f("ix_swipes_pet_id"), table_name="swipes")
    op.drop_table("swipes")
    op.drop_index(op.f("ix_matches_status"), table_name="matches")
    op.drop_index(op.f("ix_matches_pet_id"), table_name="matches")
    op.drop_index("ix_matches_matched_at", table_name="matches")
    op.drop_table("matches")
    op.drop_index("ix_pets_pet_type", table_name="pets")
    op.drop_index(op.f("ix_pets_owner_id"), table_name="pets")
    op.drop_index("ix_pets_location", table_name="pets")
    op.drop_index(
        "ix_pets_available",
        table_name="pets",
        postgresql_where=sa.text("is_available AND deleted_at IS NULL"),
    )
    op.drop_table("pets")
    op.drop_index(
        "ix_users_active_email",
        table_name="users",
        postgresql_where=sa.text("is_active"),
    )
    op.drop_table("users")
