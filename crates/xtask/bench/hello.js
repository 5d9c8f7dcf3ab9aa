// A minimal Worker.
export default {
  fetch() {
    return new Response("hello");
  },
};
